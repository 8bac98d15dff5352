package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Role;
import dev.lutra.server.access.Access;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.WebServer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The key of a real browser: made there, kept there, and shown to a real server. The time limit only ends a test that would hang. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BrowserKeyTest {

    private static final String SCRIPT = """
        Promise.all([import('/pages/protocol.js'), import('/pages/passport.js')]).then(async ([{ Server }, { Passport, takeToken, hasKey }]) => {
          const server = new Server(new Passport('phone', takeToken()));
          try {
            const { session } = await server.join({ device: { name: '%s' } });
            return `joined ${session.length} ${await hasKey()}`;
          } catch (problem) {
            return `${problem.status} ${problem.message} ${await hasKey()}`;
          }
        })""";

    private static final String TYPED = "document.getElementById('token').value = arguments[0]; document.querySelector('#login button').click()";
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    @Test
    void joinsOnceAndIsKnownFromThenOn() throws Exception {
        try (Chromium browser = Chromium.start(folder); Database database = Database.open(folder.resolve("lutra.db"))) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofSeconds(30));
            Access access = Access.open(database, Clock.systemUTC(), "the-owner's-token");
            ModelStore models = new ModelStore(folder.resolve("models"));
            try (WebServer web = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), access,
                queue, models)) {
                browser.open(web.address() + "/agent");
                browser.await("notice", text -> text.startsWith("No token."), SOON);
                assertThat(browser.evaluate(SCRIPT.formatted("phone"))).asString().startsWith("401 device phone: has no key here");

                browser.open(web.joinLink().replace("/agent#", "/join?again#"));
                assertThat(browser.evaluate(SCRIPT.formatted("laptop"))).as("for another than its own").asString()
                    .startsWith("403 device laptop: the caller's key is that of phone");
                assertThat(browser.evaluate(SCRIPT.formatted("phone"))).as("the token is used, the key is known").asString()
                    .matches("joined 36 true");
                assertThat(access.tokens().list()).filteredOn(token -> token.getRole() == Role.JOINING).singleElement()
                    .satisfies(token -> assertThat(token.getDevice()).isEqualTo("phone"));
                assertThat(browser.evaluate("Promise.resolve(JSON.stringify([location.href, {...localStorage}, {...sessionStorage}]))")).asString()
                    .as("what is left of the token").doesNotContain("token");

                access.removeKey("phone");
                assertThat(browser.evaluate(SCRIPT.formatted("phone"))).asString().startsWith("401 device phone: has no key here");
                assertThat(browser.evaluate("""
                    new Promise(resolve => {
                      indexedDB.open('lutra', 1).onsuccess = opened => {
                        opened.target.result.transaction('keys').objectStore('keys').get('phone').onsuccess = async found => {
                          const { privateKey } = found.target.result;
                          resolve(await crypto.subtle.exportKey('pkcs8', privateKey).then(() => 'exported', problem => problem.name));
                        };
                      };
                    })""")).as("the key of the browser").isEqualTo("InvalidAccessError");
            }
        }
    }

    /** The page / makes links for who has an operator's token, and keeps that nowhere. */
    @Test
    void thePageOfLinksIsForOperators() throws Exception {
        try (Chromium browser = Chromium.start(folder); Database database = Database.open(folder.resolve("lutra.db"))) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofSeconds(30));
            Access access = Access.open(database, Clock.systemUTC(), "the-owner's-token");
            ModelStore models = new ModelStore(folder.resolve("models"));
            try (WebServer web = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), Optional.empty(), access,
                queue, models)) {
                String viewer = access.tokens().create(Role.VIEWER, Duration.ZERO, "").token();
                browser.open(web.address() + "/join");
                browser.run(TYPED, viewer);
                browser.await("notice", text -> text.contains("create-token: not for viewer tokens"), SOON);
                browser.run(TYPED, "the-owner's-token");
                browser.await("link", text -> text.matches("http://.*/agent#token=[\\w-]{43}"), SOON);
                assertThat(browser.evaluate("Promise.resolve(JSON.stringify([location.href, {...localStorage}, {...sessionStorage}]))")).asString()
                    .doesNotContain("token");
            }
        }
    }
}
