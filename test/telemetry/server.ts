import { Context, Effect, Exit, Layer, Scope } from "effect"
import * as DiskSpace from "../../src/telemetry/DiskSpace.ts"
import * as HttpServer from "../../src/telemetry/HttpServer.ts"
import { Monitor } from "../../src/telemetry/Monitor.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

/** Everything that is served, of a recorder whose counters the test moves. */
export const serve = Effect.fnUntraced(function*(
  { host = "127.0.0.1", port = 0, telemetry, version = "1.2.3-test" }: {
    readonly host?: string
    readonly port?: number
    readonly telemetry?: Telemetry["Service"]
    readonly version?: string
  } = {}
) {
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
  const own = telemetry === undefined ? Layer.fresh(Telemetry.layer) : Layer.succeed(Telemetry, telemetry)
  const context = yield* Layer.buildWithScope(
    HttpServer.layer({ host, port, version }).pipe(
      Layer.provide(Monitor.layer({ maxFileAgeMillis: 3_600_000 })),
      Layer.provide(DiskSpace.DiskSpace.layer([{ name: "data", path: "." }])),
      Layer.provideMerge(own)
    ),
    scope
  )
  const { url } = Context.get(context, HttpServer.Endpoint)
  return {
    url,
    port: Number(new URL(url).port),
    telemetry: Context.get(context, Telemetry),
    stop: Scope.close(scope, Exit.void)
  }
})
