import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, platform, release } from "node:os"
import { dirname } from "node:path"
import type { Figure } from "./figures.ts"

/** One part of the bench as it was run last. */
export interface PartResult {
  readonly part: string
  readonly date: string
  readonly form: "full" | "short"
  readonly machine: string
  readonly seconds: number
  readonly figures: ReadonlyArray<Figure>
}

export const machine = (): string => {
  const model = cpus()[0]?.model.trim() ?? "unknown processor"
  return `${availableParallelism()} cores, ${model}, ${platform()} ${release()}, Node.js ${process.version}`
}

export const readResults = (path: string): ReadonlyArray<PartResult> => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ReadonlyArray<PartResult>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
}

/** Puts a result in the place of the former one of its part. */
export const keep = (path: string, result: PartResult): void => {
  const results = [...readResults(path).filter(({ part }) => part !== result.part), result]
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`)
}
