// The package `libretranslate` of npm, unchanged: node libretranslate.mjs ADDRESS TEXT
import { createRequire } from "node:module";

const [address, text] = process.argv.slice(2);
const { translate } = createRequire(process.cwd() + "/")("libretranslate");
console.log(await translate({ query: text, source: "ar", target: "en", apiurl: address }));
