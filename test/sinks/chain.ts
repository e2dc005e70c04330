import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { parquetMetadata } from "./readers.ts"

/**
 * What is wrong with the chains of the files below `folder`: each names the one before it in its series, by path and SHA-256,
 * so that all of them hang together and none can be missing unnoticed.
 */
export const brokenLinks = async (folder: string): Promise<ReadonlyArray<string>> => {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".parquet"))
  const sums = new Map<string, string>()
  const previous = new Map<string, { readonly path: string; readonly sha256: string }>()
  for (const name of names) {
    const content = await readFile(join(folder, name))
    sums.set(name, createHash("sha256").update(content).digest("hex"))
    const said = await parquetMetadata(content)
    previous.set(name, {
      path: said["ticklake.previous_file"] ?? "nothing",
      sha256: said["ticklake.previous_sha256"] ?? "nothing"
    })
  }
  const problems: Array<string> = []
  const named = new Map<string, string>()
  for (const [name, { path, sha256 }] of previous) {
    const link = path === "" ? dirname(dirname(name)) : path
    const other = named.get(link)
    if (other !== undefined) problems.push(`${name} and ${other} both come after ${link}`)
    named.set(link, name)
    if (path !== "" && sums.get(path) !== sha256) {
      problems.push(`${name} comes after ${path}, which is not there as it was`)
    }
  }
  return problems
}
