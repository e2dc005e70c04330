import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { statfsSync } from "node:fs"
import { measure } from "../../src/runtime/diskSpace.ts"

layer(NodeServices.layer)("diskSpace", (it) => {
  it.effect("measures the disk of a folder, or where it would be made", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${folder}/file`, "")
      const { blocks, bsize } = statfsSync(folder)
      for (
        const [asked, at] of [
          [folder, folder],
          [`${folder}/a/b/c`, folder],
          [`${folder}/file/b`, `${folder}/file`]
        ] as const
      ) {
        const found = yield* measure(path, asked)
        assert.deepInclude(found, { at, totalBytes: blocks * bsize })
        assert.isTrue(found.freeBytes > 0 && found.freeBytes <= found.totalBytes)
      }
    }))

  it.effect("says why it cannot", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(measure(yield* Path.Path, `/${"x".repeat(300)}`))
      assert.strictEqual(error.code, "ENAMETOOLONG")
      assert.match(error.message, /^ENAMETOOLONG: .*statfs/)
    }))
})
