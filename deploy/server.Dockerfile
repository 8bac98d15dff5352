# The server, from a release that is unpacked beside this file:
#   tar xf lutra-0.1.0.tar.gz && cp lutra-0.1.0/deploy/server.Dockerfile . && docker build -f server.Dockerfile -t lutra-server .
#   docker run -p 7411:7411 -p 7412:7412 -v lutra:/var/lib/lutra lutra-server
# Not run by us.
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/lutra --create-home lutra
COPY --chown=root:root lutra-0.1.0 /opt/lutra
USER lutra
WORKDIR /var/lib/lutra
VOLUME /var/lib/lutra
EXPOSE 7411 7412
# --name: what this machine is called outside of the container
ENTRYPOINT ["/opt/lutra/lutra", "serve", "--listen", "0.0.0.0:7411", "--tls", "--data", "/var/lib/lutra/fleet"]
