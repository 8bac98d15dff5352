# The agent, from a release that is unpacked beside this file:
#   tar xf lutra-0.1.0.tar.gz && cp lutra-0.1.0/deploy/agent.Dockerfile . && docker build -f agent.Dockerfile -t lutra-agent .
#   docker run -e LUTRA_TOKEN=… -v lutra-agent:/var/lib/lutra-agent lutra-agent --server HOST:7411#sha256:… --device NAME
# Docker's seccomp profile keeps processes from making user namespaces, so devices in it are told as unprotected (docs/security.md).
# Not run by us.
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless util-linux \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/lutra-agent --create-home lutra-agent
COPY --chown=root:root lutra-0.1.0/lutra lutra-0.1.0/lutra-agent-0.1.0.jar /opt/lutra/
COPY --chown=root:root lutra-0.1.0/lib /opt/lutra/lib
USER lutra-agent
VOLUME /var/lib/lutra-agent
ENTRYPOINT ["/opt/lutra/lutra", "agent"]
