import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { readdir, readFile } from "node:fs/promises"
import * as Page from "../../../src/telemetry/Page.ts"
import { environment } from "../../endToEnd/harness.ts"
import { serve } from "../server.ts"

describe("the files of the live page", () => {
  it.live("are all served, and nothing else of their folder", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const inFolder = yield* Effect.promise(() => readdir(Page.folder))
      assert.sameMembers(inFolder.filter((name) => name !== "tsconfig.json"), [...Page.names])
      for (const name of Page.names) {
        const path = name === "index.html" ? "/" : `/page/${name}`
        const answer = yield* Effect.promise(() => fetch(url + path))
        assert.strictEqual(answer.status, 200, path)
        assert.strictEqual(
          yield* Effect.promise(() => answer.text()),
          yield* Effect.promise(() => readFile(`${Page.folder}/${name}`, "utf8"))
        )
        assert.match(answer.headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'self'; /)
        assert.notMatch(answer.headers.get("content-security-policy") ?? "", /unsafe|\*|http/)
        assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
        assert.strictEqual(answer.headers.get("referrer-policy"), "no-referrer")
        assert.notMatch(answer.headers.get("content-type") ?? "", /octet-stream/)
      }
    }).pipe(Effect.provide(environment)))

  it.live("are needed for a start: one that is missing is a defect", () =>
    Effect.gen(function*() {
      const broken = Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (fs) => ({
          ...fs,
          readFile: (path: string) => fs.readFile(path.endsWith("Feed.js") ? `${path}.gone` : path)
        }))
      )
      const exit = yield* Effect.exit(Page.load.pipe(Effect.provide(broken)))
      assert.match(String(exit), /Feed\.js\.gone/)
    }).pipe(Effect.provide(environment)))
})
