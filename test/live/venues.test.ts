import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FileSystem, Layer, Scope } from "effect"
import * as App from "../../src/App.ts"
import { readRows } from "../../src/cli/readRows.ts"
import { noOverrides } from "../../src/config/Overrides.ts"
import { resolveConfig } from "../../src/config/resolveConfig.ts"
import { venues } from "../../src/domain/Venue.ts"
import { registry } from "../../src/exchanges/registry.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"

describe("the real venues", () => {
  for (const venue of venues) {
    it.live(`${venue} delivers books and trades that parse and can be read back`, () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-live-" })
        const config = resolveConfig(
          "live",
          {
            storage: { data_dir: `${folder}/recording`, local_path: `${folder}/archive` },
            markets: [{ exchange: venue, symbols: [registry[venue](null).notation.example] }]
          },
          noOverrides,
          { aws: null, coinbase: null }
        )
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(App.layer(config), scope)
        const feeds = Context.get(context, Telemetry).all
        yield* until(() => feeds().every((stats) => stats.events >= 5)).pipe(
          Effect.ensuring(Scope.close(scope, Exit.void))
        )
        for (const stats of feeds()) {
          assert.strictEqual(stats.parseErrors, 0, `${stats.feed.id}: ${stats.reason}`)
          assert.strictEqual(stats.unrequested, 0, stats.feed.id)
        }
        const rows = yield* readRows(config.storage.localPath)
        assert.strictEqual(rows.length, feeds().reduce((sum, stats) => sum + stats.events, 0))
        for (const row of rows) assert.isObject(JSON.parse(row.data))
      }).pipe(Effect.provide([NodeServices.layer, Logging.layerConsole("Warn")])), 120_000)
  }
})
