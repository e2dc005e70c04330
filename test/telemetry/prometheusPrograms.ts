import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

/** A program of Debian's package `prometheus`, and a note for the names of tests that are skipped without it. */
export const findProgram = (name: "prometheus" | "promtool") => {
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name))
  const path = candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  return {
    found: path !== undefined,
    path: path ?? name,
    note: path === undefined ? ` (skipped: there is no ${name}; apt-get install prometheus)` : ""
  }
}
