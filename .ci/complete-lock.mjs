// Adds to package-lock.json the optional packages of other platforms that the registry at hand did not have when the lock
// file was written. npm leaves them out, and `npm ci` then refuses the file. Run after each `npm install` that changed it.
import { readFileSync, writeFileSync } from "node:fs"

const path = new URL("../package-lock.json", import.meta.url)
const lock = JSON.parse(readFileSync(path, "utf8"))
const systems = new Set(["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"])
const processors = new Set(["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"])

let added = 0
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key] !== undefined || !/^\d+\.\d+\.\d+[-.\w]*$/.test(version)) continue
    const words = name.split(/[/-]/)
    const os = words.find((word) => systems.has(word))
    const cpu = words.find((word) => processors.has(word))
    if (os === undefined && cpu === undefined) continue
    lock.packages[key] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os === undefined ? {} : { os: [os] }),
      ...(cpu === undefined ? {} : { cpu: [cpu] }),
      ...(words.includes("musl") ? { libc: ["musl"] } : {})
    }
    added++
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a < b ? -1 : 1)
lock.packages = Object.fromEntries(sorted)
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added} packages of other platforms added\n`)
