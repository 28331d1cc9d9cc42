// Looks at pages in a real browser and tells what is wrong with them, one line of JSON per page.
//
// stdin: {"chromium": path, "folder": where the pictures go, "widths": […], "pages": [{"name", "url", "thorough", "cookies", "journey"}]}.
// Every page is opened without scripts at the first, narrowest width: whatever is wider than the window, whatever lies over
// something else, every request beside the page itself, every cookie. A thorough one is looked at and pictured at every width,
// read by axe-core (WCAG 2.2 A and AA), light and dark, with everything unfolded, and its first paint is timed on a slow
// connection. `cookies` are there before. A `journey` is walked by clicks: [{"click": selector, "then": what the page says}].
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
// A phone at the edge of a cell: 1.6 Mbit/s, 150 ms there and back, a slow processor.
const SLOW = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 };

// What is wider than the window, and which texts lie over each other. Runs in the page.
function faults() {
  const found = [];
  if (document.documentElement.scrollWidth > window.innerWidth) {
    found.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${window.innerWidth}`);
  }
  const shown = [...document.querySelectorAll("h1,h2,p,dt,dd,li,summary,a,label,input,button,svg")]
    .filter((element) => element.checkVisibility({ contentVisibilityAuto: true }))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
  const name = (element) => `${element.localName} "${element.textContent.trim().slice(0, 30)}"`;
  for (const { element, box } of shown) {
    if (box.left < -0.5 || box.right > window.innerWidth + 0.5) found.push(`out of the window: ${name(element)}`);
  }
  for (const [place, one] of shown.entries()) {
    for (const other of shown.slice(place + 1)) {
      if (one.element.contains(other.element) || other.element.contains(one.element)) continue;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 1 && down > 1) found.push(`over each other: ${name(one.element)} and ${name(other.element)}`);
    }
  }
  return found;
}

function unfold() {
  for (const details of document.querySelectorAll("details")) details.open = true;
}

async function opened(browser, page) {
  const context = await browser.createBrowserContext();
  if (page.cookies) await context.setCookie(...page.cookies);
  return context;
}

async function laidOut(browser, page, widths, folder, report) {
  const context = await opened(browser, page);
  const tab = await context.newPage();
  await tab.setJavaScriptEnabled(false);
  tab.on("request", (request) => {
    if (request.url() !== page.url) report.faults.push(`asks for ${request.url()}`);
  });
  for (const width of page.thorough ? widths : widths.slice(0, 1)) {
    await tab.setViewport({ width, height: 900 });
    await tab.goto(page.url, { waitUntil: "load" });
    const at = (fault) => `at ${width}: ${fault}`;
    report.faults.push(...(await tab.evaluate(faults)).map(at));
    if (page.thorough) {
      await tab.screenshot({ path: path.join(folder, `${page.name}-${width}.png`), fullPage: true });
      report.pictures += 1;
    }
    await tab.evaluate(unfold);
    report.faults.push(...(await tab.evaluate(faults)).map((fault) => at(`unfolded, ${fault}`)));
  }
  const before = (page.cookies || []).map((cookie) => cookie.name);
  for (const cookie of await context.cookies()) {
    if (!before.includes(cookie.name)) report.faults.push(`keeps a cookie: ${cookie.name}`);
  }
  await context.close();
}

// From page to page as a person goes, without scripts.
async function walked(browser, page, report) {
  const context = await opened(browser, page);
  const tab = await context.newPage();
  await tab.setJavaScriptEnabled(false);
  await tab.goto(page.url, { waitUntil: "load" });
  for (const { click, then } of page.journey) {
    const link = await tab.$(click);
    if (!link) {
      report.faults.push(`nothing to click: ${click}`);
      break;
    }
    await Promise.all([tab.waitForNavigation({ waitUntil: "load" }), link.click()]);
    const text = await tab.evaluate(() => document.body.innerText);
    if (!text.includes(then)) report.faults.push(`after ${click}, not there: ${then}: ${text.slice(0, 300)}`);
  }
  report.cookies = (await context.cookies()).map((cookie) => `${cookie.name} ${cookie.path} ${cookie.httpOnly} ${cookie.sameSite}`);
  await context.close();
}

async function read(browser, page, folder, report) {
  const context = await opened(browser, page);
  const tab = await context.newPage();
  await tab.setViewport({ width: 390, height: 844 });
  for (const scheme of ["light", "dark"]) {
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await tab.goto(page.url, { waitUntil: "load" });
    await tab.evaluate(unfold);
    await tab.evaluate(axe);
    const { violations } = await tab.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
    for (const violation of violations) {
      for (const node of violation.nodes) report.faults.push(`${scheme}, ${violation.id}: ${node.html.slice(0, 120)}: ${node.failureSummary}`);
    }
    await tab.screenshot({ path: path.join(folder, `${page.name}-${scheme}.png`), fullPage: true });
  }
  await tab.emulateMediaFeatures([]);
  await tab.emulateMediaType("print");
  await tab.goto(page.url, { waitUntil: "load" });
  report.faults.push(...(await tab.evaluate(faults)).map((fault) => `printed: ${fault}`));
  await tab.emulateMediaType("screen");
  const protocol = await tab.createCDPSession();
  await protocol.send("Network.enable");
  await protocol.send("Network.emulateNetworkConditions", SLOW);
  await protocol.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await tab.goto(page.url, { waitUntil: "load" });
  report.firstPaint = await tab.evaluate(
    () => new Promise((seen) => {
      new PerformanceObserver((entries) => seen(Math.round(entries.getEntries()[0].startTime))).observe({ type: "paint", buffered: true });
    }),
  );
  await context.close();
}

async function main() {
  const { chromium, folder, widths, pages } = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await puppeteer.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
  try {
    for (const page of pages) {
      const report = { name: page.name, faults: [], pictures: 0, firstPaint: null };
      if (page.journey) await walked(browser, page, report);
      else await laidOut(browser, page, widths, folder, report);
      if (page.thorough) await read(browser, page, folder, report);
      console.log(JSON.stringify(report));
    }
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
