import { Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { venues } from "../domain/Venue.ts"
import * as faultNotation from "../simulator/faultNotation.ts"
import { defaults } from "../simulator/SimulatorOptions.ts"
import { lazily } from "./lazily.ts"
import { pathFlag } from "./pathParam.ts"

const flags = {
  port: Flag.Int("port").pipe(
    Flag.withDefault(9401),
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))),
    Flag.withDescription("port on 127.0.0.1; 0 lets the system choose")
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDefault(defaults.seed),
    Flag.withDescription("the same seed gives the same markets, ids and faults")
  ),
  rate: Flag.Int("rate").pipe(
    Flag.withDefault(defaults.rate),
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))),
    Flag.withDescription("events per second of each feed")
  ),
  venue: Flag.String("venue").pipe(
    Flag.atLeast(0),
    Flag.withDescription(`venue to simulate, repeatable: ${venues.join(", ")}; all without it`)
  ),
  symbols: Flag.String("symbols").pipe(
    Flag.atLeast(0),
    Flag.withDescription(
      "VENUE:SYMBOL,SYMBOL: which symbols exist there, repeatable, in the venue's notation (binance:btcusdt,ethusdt)"
    )
  ),
  ledger: pathFlag("ledger").pipe(
    Flag.optional,
    Flag.withDescription("append every event that was sent, with the row it must become, to this file (JSON lines)")
  ),
  fault: Flag.String("fault").pipe(Flag.atLeast(0), Flag.withDescription(faultNotation.description))
}

/** `ticklake simulate`: the venues' WebSockets, and their past trades over HTTP, on this machine, until interrupted. */
export const simulate = Command.make("simulate", flags, lazily(() => import("./simulate/handle.ts"))).pipe(
  Command.withShortDescription("Speak the exchanges' protocols on this machine, for trying and testing"),
  Command.withDescription(
    "Speak the exchanges' WebSocket protocols on this machine, and answer their requests for past trades, for trying and "
      + "testing without them. Prints the [[markets]] that record from it, and runs until interrupted."
  ),
  Command.withExamples([
    { command: "ticklake simulate", description: "all five exchanges on port 9401" },
    { command: "ticklake simulate --venue okx --rate 1000", description: "one of them, and busy" },
    { command: "ticklake simulate --fault disconnect=30s", description: "each connection ends every 30 seconds or so" }
  ])
)
