import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import * as segmentReader from "../../src/sinks/segmentReader.ts"

layer(NodeServices.layer)("a reader of segments", (it) => {
  it.effect("answers the bytes of each file, as many as are asked for, in memory that it has", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = (yield* Path.Path).join(yield* fs.makeTempDirectoryScoped(), "segment")
      const read = segmentReader.make(fs)
      const memory = new Set<ArrayBufferLike>()
      for (const size of [100_000, 0, 1, 99_998, 99_999]) {
        const written = Buffer.alloc(size, `of ${size} bytes`)
        yield* fs.writeFile(path, written)
        for (const length of [100_001, size, size >> 1]) {
          const bytes = yield* read(path, length)
          assert.isTrue(bytes.equals(written.subarray(0, length)))
          memory.add(bytes.buffer)
        }
      }
      assert.strictEqual(memory.size, 1)
    }).pipe(Effect.scoped))

  it.effect("fails where there is none", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const error = yield* Effect.flip(segmentReader.make(fs)("/no/such/segment", 1))
      assert.strictEqual(error.reason._tag, "NotFound")
    }))
})
