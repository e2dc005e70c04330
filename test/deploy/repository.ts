import { readdirSync, readFileSync } from "node:fs"

export const root = new URL("../../", import.meta.url).pathname

export const read = (path: string): string => readFileSync(`${root}${path}`, "utf8")

/** The instructions of the Dockerfile, stage by stage, each on one line. */
export const stages = (): ReadonlyArray<ReadonlyArray<string>> => {
  const lines = read("Dockerfile").replaceAll("\\\n", " ").split("\n")
  const instructions = lines.filter((line) => line !== "" && !line.startsWith("#"))
  const begins = instructions.flatMap((line, at) => line.startsWith("FROM ") ? [at] : [])
  return begins.map((begin, stage) => instructions.slice(begin, begins[stage + 1]))
}

/** What stands behind the only instruction of that name in the last stage. */
export const instruction = (name: string): string => {
  const found = stages().at(-1)?.filter((line) => line.startsWith(`${name} `)) ?? []
  if (found.length !== 1) throw new Error(`${found.length} instructions ${name}`)
  return found[0]?.slice(name.length + 1).trim() ?? ""
}

/** Every module that a file below src imports, with the file. */
export const imports = (): ReadonlyArray<{ readonly file: string; readonly from: string }> =>
  readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).flatMap(
    (name) =>
      [...read(`src/${name}`).matchAll(/(?:\bfrom |\bimport\(|^import )"([^"\s]+)"/gm)].map((match) => ({
        file: `src/${name}`,
        from: match[1] ?? ""
      }))
  )

/** The lines of one service in docker-compose.yml. */
export const service = (name: string): string => {
  const text = read("docker-compose.yml")
  const found = new RegExp(`^  ${name}:\\n((?:    .*\\n|\\n)+)`, "m").exec(text)
  if (found === null) throw new Error(`no service ${name}`)
  return found[1] ?? ""
}
