package dev.lutra.tests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** Debian's Chromium without a window, with WebGPU on its own software renderer. */
final class Chromium implements AutoCloseable {

    private static final Path BROWSER = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

    private final ChromeDriver driver;

    private Chromium(ChromeDriver driver) {
        this.driver = driver;
    }

    /**
     * Starts it with a new profile; the test is skipped where there is none.
     *
     * @param folder for the profile
     */
    static Chromium start(Path folder) throws IOException {
        assumeTrue(Files.exists(BROWSER) && Files.exists(DRIVER),
            "no " + BROWSER + " and " + DRIVER + ": the page /agent is not tested (Debian: chromium, chromium-driver)");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(BROWSER.toFile());
        options.addArguments(List.of("--headless=new", "--no-sandbox", "--window-size=1000,800",
            "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan",
            "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync",
            "--user-data-dir=" + Files.createTempDirectory(folder, "chromium")));
        ChromeDriverService service = new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile()).usingAnyFreePort().withLogFile(new File("/dev/null")).build();
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.manage().timeouts().scriptTimeout(Duration.ofMinutes(1));
        return new Chromium(driver);
    }

    void open(String address) {
        driver.get(address);
    }

    void reload() {
        driver.navigate().refresh();
    }

    Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** What an expression of the page's modules gives, which {@code await} may be part of. */
    Object evaluate(String expression) {
        return driver.executeAsyncScript("const done = arguments[arguments.length - 1];"
            + "(async () => (" + expression + "))().then(done, problem => done('failed: ' + problem));");
    }

    /** The text of an element, empty if it is hidden. */
    String text(String id) {
        return (String) run("return document.getElementById(arguments[0])?.innerText ?? ''", id);
    }

    /** Waits until an element's text is as wanted, and gives it. */
    String await(String id, Predicate<String> wanted, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            String text = text(id);
            if (wanted.test(text)) {
                return text;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("after " + limit + " #" + id + " says '" + text + "', the page: " + pageText());
            }
            pause();
        }
    }

    String pageText() {
        return (String) run("return document.body.innerText");
    }

    /** Puts another tab in front for as long as the work takes. */
    void behindAnotherTab(Runnable work) {
        String page = driver.getWindowHandle();
        driver.switchTo().newWindow(WindowType.TAB);
        try {
            work.run();
        } finally {
            driver.close();
            driver.switchTo().window(page);
        }
    }

    static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        driver.quit();
    }
}
