// Each page as it was served, by html-validate: {"name": "<html>"} in, {"name": ["line:column rule message"]} out.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: {
    // a list of values is several fields of one name, which is how forms send lists
    "form-dup-name": "off",
    // a rule of search engines; a title says what is done and then where
    "long-title": "off",
  },
});
const pages = JSON.parse(readFileSync(0, "utf8"));
const found = {};
for (const [name, html] of Object.entries(pages)) {
  const report = await validator.validateString(html);
  found[name] = report.results.flatMap((result) =>
    result.messages.map((each) => `${each.line}:${each.column} ${each.ruleId} ${each.message} ${each.selector ?? ""}`));
}
process.stdout.write(JSON.stringify(found));
