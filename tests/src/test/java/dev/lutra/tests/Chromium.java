package dev.lutra.tests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Debian's Chromium without a window, with WebGPU on its own software renderer. */
final class Chromium implements AutoCloseable {

    private static final Path BROWSER = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

    private final ChromeDriver driver;
    private final Path downloads;

    private Chromium(ChromeDriver driver, Path downloads) {
        this.driver = driver;
        this.downloads = downloads;
    }

    /** Where a page is looked at. */
    enum Look {
        LIGHT("light", 1200, 900, 1), DARK("dark", 1200, 900, 1), PHONE("light", 390, 844, 3);

        private final String scheme;
        private final int width;
        private final int height;
        private final int density;

        Look(String scheme, int width, int height, int density) {
            this.scheme = scheme;
            this.width = width;
            this.height = height;
            this.density = density;
        }
    }

    /**
     * Starts it with a new profile; the test is skipped where there is none.
     *
     * @param folder for the profile
     */
    static Chromium start(Path folder) throws IOException {
        assumeTrue(Files.exists(BROWSER) && Files.exists(DRIVER),
            "no " + BROWSER + " and " + DRIVER + ": the pages are not tested (Debian: chromium, chromium-driver)");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(BROWSER.toFile());
        options.addArguments(List.of("--headless=new", "--no-sandbox", "--window-size=1000,800",
            "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan",
            "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync",
            "--user-data-dir=" + Files.createTempDirectory(folder, "chromium")));
        ChromeDriverService service = new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile()).usingAnyFreePort().withLogFile(new File("/dev/null")).build();
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.WARNING);
        options.setCapability("goog:loggingPrefs", logs);
        Path downloads = Files.createTempDirectory(folder, "downloads");
        options.setExperimentalOption("prefs", Map.of("download.default_directory", downloads.toString()));
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.manage().timeouts().scriptTimeout(Duration.ofMinutes(1));
        return new Chromium(driver, downloads);
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

    /** Shows the page as some device has it. */
    void look(Look look) {
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(
            Map.of("name", "prefers-color-scheme", "value", look.scheme))));
        driver.executeCdpCommand("Emulation.setDeviceMetricsOverride", Map.of("width", look.width, "height", look.height,
            "deviceScaleFactor", look.density, "mobile", look == Look.PHONE));
        evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))");
    }

    /** The whole page as a picture, for people to look at. */
    void picture(Path into, String name) {
        try {
            Map<String, Object> made = driver.executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", true));
            Files.createDirectories(into);
            Files.write(into.resolve(name + ".png"), Base64.getDecoder().decode(made.get("data").toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What axe-core finds that keeps people out, a line a rule and place. */
    List<String> barriers() {
        if (run("return typeof axe").equals("undefined")) {
            driver.executeCdpCommand("Runtime.evaluate", Map.of("expression", axe()));
        }
        return ((List<?>) evaluate("axe.run(document).then(found => found.violations.flatMap(rule => rule.nodes.map(node => rule.id + ' at '"
            + " + node.target.join(' ') + ': ' + node.failureSummary.replaceAll('\\n', ' '))))")).stream().map(String::valueOf).toList();
    }

    private static String axe() {
        try (InputStream script = Chromium.class.getResourceAsStream("/axe.min.js")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Draws over an element, from one share of its width and height to another. */
    void drag(String selector, double fromX, double fromY, double toX, double toY) {
        WebElement element = driver.findElement(By.cssSelector(selector));
        driver.executeScript("arguments[0].scrollIntoView({ block: 'center' })", element);
        int width = element.getSize().getWidth();
        int height = element.getSize().getHeight();
        new Actions(driver)
            .moveToElement(element, (int) ((fromX - 0.5) * width), (int) ((fromY - 0.5) * height)).clickAndHold()
            .moveToElement(element, 0, 0)
            .moveToElement(element, (int) ((toX - 0.5) * width), (int) ((toY - 0.5) * height)).release().perform();
    }

    /** Waits for a file that the page hands out. */
    Path downloaded(String name, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!Files.exists(downloads.resolve(name))) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("after " + limit + " there is no " + name + ", the page: " + pageText());
            }
            pause();
        }
        return downloads.resolve(name);
    }

    /** What the browser complained of since this was asked last: of scripts, of the page's policy, of answers. */
    List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream().map(LogEntry::getMessage).toList();
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
