// Opens the page from its file in a real browser, as it is saved, and does with it what a person does. Everything that is wrong
// with it, and what it says after each step, comes as one line of JSON.
//
// stdin: {"chromium": path, "page": file, "pictures": folder, "steps": [{"trust": text, "files": [path], "folder": path, "drop": {name: text}}]}.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WIDTHS = [320, 390, 1280];

// Files that are dropped. Runs in the page.
function drop(files) {
  const data = new DataTransfer();
  for (const [name, text] of Object.entries(files)) data.items.add(new File([text], name));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}

async function step(tab, { trust, files, folder, drop: dropped }) {
  await tab.evaluate(() => {
    document.getElementById("report").hidden = true;
  });
  await tab.$eval("#trust", (field) => (field.value = ""));
  await tab.type("#trust", trust);
  if (files) await (await tab.$("#files")).uploadFile(...files);
  if (folder) await (await tab.$("#folder")).uploadFile(folder);
  if (dropped) await tab.evaluate(drop, dropped);
  if (!trust) await tab.click("button");
  await tab.waitForSelector("#report:not([hidden])", { timeout: 20_000 });
  return tab.$eval("#report", (report) => ({ text: report.innerText, className: report.className, focused: report === document.activeElement }));
}

async function main() {
  const { chromium, page, pictures, steps } = JSON.parse(fs.readFileSync(0, "utf8"));
  const browser = await puppeteer.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
  const url = `file://${page}`;
  const answer = { faults: [], said: [] };
  const fault = (text) => answer.faults.push(text);
  try {
    const tab = await browser.newPage();
    tab.on("request", (request) => request.url() !== url && fault(`asks for ${request.url()}`));
    tab.on("console", (message) => message.type() === "error" && fault(`console: ${message.text()}`));
    tab.on("pageerror", (error) => fault(`error: ${error.message}`));
    await tab.setOfflineMode(true);
    await tab.setViewport({ width: 390, height: 844 });
    await tab.goto(url, { waitUntil: "load" });
    for (const one of steps) answer.said.push(await step(tab, one));
    const made = await tab.$$eval("#report img, #report script, #report iframe", (elements) => elements.length);
    if (made) fault("a file put elements into the page");
    await step(tab, steps[0]);
    for (const scheme of ["light", "dark"]) {
      await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await tab.evaluate(axe);
      const { violations } = await tab.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
      for (const { id, nodes } of violations) fault(`${scheme}, ${id}: ${nodes[0].html.slice(0, 120)}: ${nodes[0].failureSummary}`);
      await tab.screenshot({ path: path.join(pictures, `verify-${scheme}.png`), fullPage: true });
    }
    for (const width of WIDTHS) {
      await tab.setViewport({ width, height: 900 });
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) fault(`at ${width} it scrolls sideways by ${wide}`);
      await tab.screenshot({ path: path.join(pictures, `verify-${width}.png`), fullPage: true });
    }
    // What does not belong to the page is kept out even by itself.
    const leaked = await tab.evaluate(() => fetch("https://example.com/").then(() => true, () => false));
    if (leaked) fault("it can ask others");
    answer.faults = answer.faults.filter((text) => !text.includes("https://example.com/"));
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(answer));
}

main();
