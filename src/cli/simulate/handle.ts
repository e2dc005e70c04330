import { Clock, Console, Effect, Option, Result, Schema } from "effect"
import { type Venue, venues } from "../../domain/Venue.ts"
import * as faultNotation from "../../simulator/faultNotation.ts"
import * as Simulator from "../../simulator/Simulator.ts"
import { defaults, type PartialSimulatorOptions } from "../../simulator/SimulatorOptions.ts"

/** A flag of `simulate` cannot be understood. */
export class SimulateFlagError extends Schema.TaggedError<SimulateFlagError>()("SimulateFlagError", {
  flag: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `--${this.flag}: ${this.problem}`
  }
}

const statusEvery = "10 seconds"

/** What the flags say. */
interface Input {
  readonly port: number
  readonly seed: string
  readonly rate: number
  readonly venue: ReadonlyArray<string>
  readonly symbols: ReadonlyArray<string>
  readonly ledger: Option.Option<string>
  readonly fault: ReadonlyArray<string>
}

const venueOf = (flag: string, text: string): Result.Result<Venue, SimulateFlagError> => {
  const venue = venues.find((each) => each === text)
  return venue === undefined
    ? Result.fail(
      new SimulateFlagError({ flag, problem: `"${text}" is no venue: expected one of ${venues.join(", ")}` })
    )
    : Result.succeed(venue)
}

const symbolsOf = (text: string): Result.Result<readonly [Venue, ReadonlyArray<string>], SimulateFlagError> => {
  const [venue = "", list = ""] = text.split(":")
  const symbols = list.split(",").filter((symbol) => symbol !== "")
  return Result.flatMap(venueOf("symbols", venue), (known) =>
    symbols.length === 0
      ? Result.fail(
        new SimulateFlagError({ flag: "symbols", problem: `"${text}" is not of the form VENUE:SYMBOL,SYMBOL` })
      )
      : Result.succeed([known, symbols] as const))
}

/** What to put into `config.toml` to record from this simulator. */
export const configText = (
  selected: ReadonlyArray<Venue>,
  symbols: (venue: Venue) => ReadonlyArray<string>,
  baseUrl: (venue: Venue) => string
): string =>
  selected.map((venue) =>
    [
      "[[markets]]",
      `exchange = "${venue}"`,
      `symbols = [${symbols(venue).map((symbol) => `"${symbol}"`).join(", ")}]`,
      `base_url = "${baseUrl(venue)}"`
    ].join("\n")
  ).join("\n\n")

const status = (simulator: Simulator.Simulator["Service"], seconds: number, before: number): string => {
  const { ledger } = simulator
  const rate = Math.round((ledger.count - before) / seconds)
  const refused = ledger.refusals().length
  return `${simulator.openConnections()} connections open, ${ledger.count} events sent (${rate}/s)` +
    (refused === 0 ? "" : `, ${refused} handshakes refused`) +
    (ledger.inquiries().length === 0 ? "" : `, ${ledger.inquiries().length} requests for past trades`)
}

/** Speaks the venues' WebSockets, and answers for past trades, on this machine, until interrupted. */
export const handle = Effect.fnUntraced(function*({ fault, ledger, port, rate, seed, symbols, venue }: Input) {
  const selected = yield* Effect.fromResult(Result.all(venue.map((text) => venueOf("venue", text))))
  const listed = yield* Effect.fromResult(Result.all(symbols.map(symbolsOf)))
  const faults = yield* Effect.fromResult(
    Result.all(fault.map((text) => faultNotation.parse(text))).pipe(
      Result.mapError((problem) => new SimulateFlagError({ flag: "fault", problem }))
    )
  )
  const offered: PartialSimulatorOptions["symbols"] = Object.fromEntries(listed)
  const active = selected.length === 0 ? venues : selected
  const simulator = yield* Simulator.make({
    port,
    seed,
    rate,
    faults,
    venues: active,
    symbols: offered,
    ledger: { path: Option.getOrNull(ledger), keep: false }
  })
  const symbolsAt = (each: Venue) => offered[each] ?? defaults.symbols[each]
  yield* Console.log(
    `Simulating ${active.join(", ")} on port ${simulator.port}. To record from here, put this into config.toml:\n\n${
      configText(active, symbolsAt, simulator.baseUrl)
    }\n`
  )
  yield* Console.log(`Past trades are answered for below ${simulator.restUrl()}`)
  if (active.includes("coinbase")) {
    yield* Console.log(`Coinbase's older feed is at ${simulator.baseUrl("coinbase-exchange")}`)
  }
  yield* Console.log(
    ledger._tag === "Some" ? `The ledger goes to ${ledger.value}. Stop with Ctrl-C.` : "Stop with Ctrl-C."
  )
  let before = 0
  let beforeAt = yield* Clock.currentTimeMillis
  while (true) {
    yield* Effect.sleep(statusEvery)
    const now = yield* Clock.currentTimeMillis
    yield* Console.log(status(simulator, (now - beforeAt) / 1_000, before))
    before = simulator.ledger.count
    beforeAt = now
  }
}, Effect.scoped)
