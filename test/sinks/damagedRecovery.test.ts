import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, type FileSystem, Path, PlatformError } from "effect"
import * as checkpointRecord from "../../src/sinks/checkpointRecord.ts"
import * as journalRecord from "../../src/sinks/journalRecord.ts"
import { magic } from "../../src/sinks/JournalSegment.ts"
import * as MemoryKeeper from "../../src/sinks/MemoryKeeper.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import { chanceOf } from "./crashModel.ts"
import { dataDir, feed, flip, journalOf, keepCheckpoints, leftBehind, open, recover, segment } from "./leftBehind.ts"
import type { SimulatedDisk } from "./simulatedFileSystem.ts"

interface Damage {
  readonly what: string
  readonly damage: (disk: SimulatedDisk) => void
  /** The open file that is kept in a copy. */
  readonly copied: boolean
}

const damages: ReadonlyArray<Damage> = [
  {
    what: "a row group that only the file had is damaged",
    damage: (disk) => {
      flip(disk, open, 900)
      disk.put(segment, Buffer.alloc(0))
    },
    copied: true
  },
  {
    what: "the checkpoints have lost what told of the last row groups",
    damage: (disk) => {
      keepCheckpoints(disk, 2)
      disk.put(segment, journalOf(15, 16, 17, 18, 19))
    },
    copied: true
  },
  {
    what: "an open file has no checkpoints",
    damage: (disk) => disk.put(open.replace("000.parquet", "999.parquet"), Buffer.from("PAR1 and then something")),
    copied: false
  },
  {
    what: "the checkpoints cannot be read",
    damage: (disk) => {
      flip(disk, `${open}.groups`, 25)
      disk.put(segment, journalOf(18, 19))
    },
    copied: false
  }
]

const setAside = (disk: SimulatedDisk) =>
  [...disk.files(dataDir)].filter(([path]) => path.startsWith("quarantine/") && !path.endsWith(".reason.txt"))

describe("where rows are lost because", () => {
  for (const { copied, damage, what } of damages) {
    it.effect(`${what}, a file says so and what is set aside is whole, wherever a start was ended before`, () =>
      Effect.gen(function*() {
        const whole = yield* leftBehind
        damage(whole)
        const before = whole.files(dataDir).get(open.slice("/data/".length))!
        const { ids } = yield* recover(whole)
        for (const end of ["kill", "crash"] as const) {
          for (let operation = 1;; operation++) {
            const disk = yield* leftBehind
            damage(disk)
            disk.failAt = disk.operations + operation
            if (Exit.isSuccess(yield* Effect.exit(recover(disk)))) break
            disk[end](chanceOf(operation))
            const after = yield* recover(disk)
            const when = `${end} at operation ${operation}`
            assert.deepStrictEqual(after.ids, ids, when)
            assert.isAbove(after.damage.length, 0, when)
            if (copied) assert.isTrue(setAside(disk).some(([, content]) => content.equals(before)), when)
          }
        }
      }))
  }
})

describe("recovery that is tried again and again", () => {
  it.effect("keeps one copy of a damaged file, not one of each try", () =>
    Effect.gen(function*() {
      const disk = yield* leftBehind
      flip(disk, open, 200)
      const { fileSystem } = disk
      const full = PlatformError.systemError({
        _tag: "Unknown",
        module: "FileSystem",
        method: "write",
        description: "ENOSPC: no space left on device",
        pathOrDescriptor: open
      })
      const failing: FileSystem.FileSystem = {
        ...fileSystem,
        open: (path, options) =>
          Effect.map(fileSystem.open(path, options), (file) =>
            path === open && options?.flag === "r+"
              ? { ...file, writeAll: () => Effect.fail(full) }
              : file)
      }
      for (let tries = 0; tries < 3; tries++) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(recover(disk, failing))))
        assert.lengthOf(setAside(disk), 1)
      }
      yield* recover(disk)
      assert.lengthOf(setAside(disk), 1)
    }))

  it.effect("keeps what is known of a file that the journal proves to be sealed, whatever its checkpoints say", () =>
    Effect.gen(function*() {
      const disk = yield* leftBehind
      const checkpoints = disk.files(dataDir).get(`${open.slice("/data/".length)}.groups`)!
      disk.put(segment, Buffer.alloc(0))
      yield* recover(disk)
      const memory = Effect.flatMap(Path.Path, (path) => MemoryKeeper.make(disk.fileSystem, path, dataDir)(feed)).pipe(
        Effect.map((keeper) => keeper.memory()),
        Effect.provide(Path.layer)
      )
      const { previousFile, tail } = yield* memory
      assert.isNotNull(previousFile)
      const rotten = Buffer.from(checkpointRecord.encode({ kind: "sealing" }))
      rotten[rotten.length - 1]! ^= 1
      disk.put(`${open}.groups`, Buffer.concat([checkpoints, rotten]))
      const sealed = new PageBytes(64)
      journalRecord.appendSealed(sealed, 1, { first: 1, last: 18 })
      disk.put(segment, Buffer.concat([magic, sealed.written]))
      yield* recover(disk)
      assert.deepInclude(yield* memory, { previousFile, tail })
    }))
})
