// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// validate.mjs MODULES < OBJECT: an object as JSON, by Kubernetes' published schema, which is in
// that folder of modules. Says what is wrong with it, and fails.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const object = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(process.argv[2], "node_modules", "x.js"));
const Model = require(`kubernetes-models/${object.apiVersion}`)[object.kind];

try {
  new Model(object).validate();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
