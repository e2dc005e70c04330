import { Effect, type FileSystem, Option, type Path } from "effect"
import type { Oddity } from "./Quarantine.ts"
import { readableNames } from "./readableNames.ts"
import * as StateFile from "./StateFile.ts"

/** What the folder has that tells of sealed files. */
export interface StateSurvey {
  /** By the id of the series. */
  readonly states: ReadonlyMap<string, StateFile.State>
  /** Left by writes that were cut short. */
  readonly unfinished: ReadonlyArray<string>
  readonly oddities: ReadonlyArray<Oddity>
}

const foreign = "This is no file that ticklake makes here. Put it where it belongs, or delete it."
const damaged =
  "This does not hold what was written about the sealed files of a series. The series goes on without: what was " +
  "missed since its last row is not told as a gap, and its next file names no file before it. Delete this, or keep it to look into."

/** Reads what stands in `folder`, and changes nothing. */
export const survey = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: Path.Path, folder: string) {
  const { names, oddities } = yield* readableNames(fs, path, folder)
  const states = new Map<string, StateFile.State>()
  const unfinished: Array<string> = []
  const odd: Array<Oddity> = [...oddities]
  for (const name of names) {
    const at = path.join(folder, name)
    const id = StateFile.parseFileName(
      name.endsWith(StateFile.rewritten) ? name.slice(0, -StateFile.rewritten.length) : name
    )
    if (id === null) odd.push({ path: at, kind: "foreign", reason: foreign })
    else if (name.endsWith(StateFile.rewritten)) unfinished.push(at)
    else {
      const state = yield* StateFile.read(fs, folder, id)
      if (Option.isSome(state)) states.set(id, state.value)
      else odd.push({ path: at, kind: "state", reason: damaged })
    }
  }
  const found: StateSurvey = { states, unfinished, oddities: odd }
  return found
})
