import { readFileSync, writeFileSync } from "node:fs"

const begin = "<!-- generated: TICKLAKE_UPDATE_DOCS=1 npm test -- test/docs -->"
const end = "<!-- end of generated -->"

/** The formatter aligns tables, which is not a difference. */
const withoutAlignment = (text: string) => text.replaceAll(/ +\|/g, " |").replaceAll(/-{3,}/g, "---").trim()

/** The generated part of a page of `docs/` as it is and as it should be; puts it right where TICKLAKE_UPDATE_DOCS is 1. */
export const generated = (page: string, content: string): { readonly found: string; readonly expected: string } => {
  const path = new URL(`../../docs/${page}`, import.meta.url)
  const text = readFileSync(path, "utf8")
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/${page} has no generated part`)
  const expected = withoutAlignment(content)
  if (process.env["TICKLAKE_UPDATE_DOCS"] === "1") {
    writeFileSync(path, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`)
    return { found: expected, expected }
  }
  return { found: withoutAlignment(text.slice(from + begin.length, to)), expected }
}
