import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Path } from "effect"
import { execFileSync } from "node:child_process"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { survey } from "../../src/sinks/recoverySurvey.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

const environment = Layer.mergeAll(NodeServices.layer, Telemetry.layer, Logging.layerConsole("None"))

const openName = "okx.btcusdt.trade.1795319612999.parquet"

/** Things under names of the recorder's own that are no files of its own. */
const things: ReadonlyArray<readonly [what: string, name: string, make: (path: string) => void]> = [
  ["a folder for a segment", ".journal/000000000099.journal", (path) => execFileSync("mkdir", [path])],
  [
    "a link to nowhere for a segment",
    ".journal/000000000098.journal",
    (path) => execFileSync("ln", ["-s", "/nope", path])
  ],
  ["a pipe for a segment", ".journal/000000000005.journal", (path) => execFileSync("mkfifo", [path])],
  ["a folder for checkpoints", `.open/${openName}.groups`, (path) => execFileSync("mkdir", [path])],
  ["a pipe for an open file", `.open/${openName}`, (path) => execFileSync("mkfifo", [path])]
]

describe("what only looks like a file of the recorder's", () => {
  for (const [what, name, make] of things) {
    it.live(`${what} is set aside and keeps nobody from starting`, () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
        for (const folder of [".journal", ".open"]) yield* fs.makeDirectory(path.join(dataDir, folder))
        make(path.join(dataDir, name))
        const found = yield* survey(dataDir)
        const odd = found.openFiles.flatMap((finding) => finding.kind === "odd" ? finding.oddities : [])
        assert.deepStrictEqual([...found.oddities, ...odd].map((each) => each.path), [path.join(dataDir, name)])
        yield* Recovery.recover({ dataDir })
        const base = path.basename(name)
        assert.sameMembers(yield* fs.readDirectory(path.join(dataDir, "quarantine")), [base, `${base}.reason.txt`])
        assert.deepStrictEqual(yield* fs.readDirectory(path.join(dataDir, path.dirname(name))), [])
      }).pipe(Effect.provide(environment)))
  }
})
