// Tells what the schemas of custom resources have against the objects of a file.
import { readFileSync } from "node:fs";

const packages = {
  "gateway.networking.k8s.io": "gateway-api",
  "monitoring.coreos.com": "prometheus-operator",
};
for (const each of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const [group, version] = each.apiVersion.split("/");
  const path = `@kubernetes-models/${packages[group]}/${group}/${version}/${each.kind}`;
  const { [each.kind]: Model } = await import(path);
  try {
    new Model(each).validate();
    console.log(`${each.kind} follows its schema`);
  } catch (error) {
    console.log(`${each.kind}: ${error.message}`);
    process.exitCode = 1;
  }
}
