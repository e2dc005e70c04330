import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { errorText } from "../../src/runtime/errorText.ts"

describe("errorText", () => {
  it.effect("has the operating system's words for a failure of the file system", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const error = yield* Effect.flip(fs.rename(`${folder}/none`, `${folder}/other`))
      assert.match(errorText(error), /^ENOENT: no such file or directory, rename/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it("is the message of any other error, and the text of what is none", () => {
    assert.strictEqual(errorText(new Error("no", { cause: new Error("deeper") })), "no")
    assert.strictEqual(errorText("no"), "no")
  })
})
