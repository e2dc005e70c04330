import { readFileSync, writeFileSync } from "node:fs"
import type { PartResult } from "./results.ts"
import { table } from "./table.ts"

const path = new URL("../../docs/performance.md", import.meta.url)
const marks = ["<!-- figures: npm run bench -- --write-docs -->", "<!-- end of figures -->"] as const

/** Writes the figures into `docs/performance.md`, in place of those that stand there. */
export const writeDocs = (results: ReadonlyArray<PartResult>): void => {
  const text = readFileSync(path, "utf8")
  const [from, to] = [text.indexOf(marks[0]), text.indexOf(marks[1])]
  if (from < 0 || to < from) throw new Error(`${path.pathname} has no place for figures`)
  const standing = new Set([...text.slice(from, to).matchAll(/^\| ([a-z][a-z-]*) +\|/gm)].map(([, part]) => part))
  standing.delete("part")
  for (const { part } of results) standing.delete(part)
  if (standing.size > 0) {
    const lost = [...standing].join(", ")
    throw new Error(`docs/performance.md has figures of ${lost} that would be lost: run these parts as well`)
  }
  const runs = Map.groupBy(results, ({ date, form, machine }) => `${date.slice(0, 10)}, ${form} form, ${machine}`)
  const sections = [...runs].map(([when, of]) => `${when}:\n\n${table(of.flatMap(({ figures }) => figures))}`)
  writeFileSync(path, `${text.slice(0, from)}${marks[0]}\n\n${sections.join("\n\n")}\n\n${text.slice(to)}`)
}
