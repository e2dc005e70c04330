import { setTimeout as sleep } from "node:timers/promises"
import { begun, type Child, start } from "../child.ts"
import { type Figure, median, rangeOf, voided } from "../figures.ts"
import { books, type Load, mix, type Sender, startSender, trades } from "../load.ts"
import type { Form } from "../part.ts"
import { defaults } from "../../../src/sinks/sinkSettings.ts"
import type { FloorOptions } from "../processes/floor.ts"
import { startRecorder } from "../recorder.ts"

interface Leg {
  readonly microsPerRow: number
  readonly void: string | null
}

const cases: ReadonlyArray<readonly [Load, eventsPerSecond: number]> = [[trades, 30_000], [books, 6000], [mix, 12_000]]

/**
 * How long is measured: while each feed fills more than one block of the floor, which compresses nothing before. Blocks and row groups
 * have as many rows.
 */
const secondsFor = ({ feeds }: Load, rate: number) =>
  Math.max(8, Math.ceil(1.2 * feeds.length * defaults.rowGroupRows / rate))

/** CPU a row of a process that receives, once it has warmed up. */
const measure = async (child: Child, sender: Sender, rate: number, warmSeconds: number, seconds: number) => {
  await sender.allConnected(30)
  await sender.rate(rate)
  await sleep(warmSeconds * 1000)
  const before = { usage: await child.usage(), sent: await sender.sent() }
  await sleep(seconds * 1000)
  const after = { usage: await child.usage(), sent: await sender.sent() }
  await sender.rate(0)
  return (after.usage.cpuMicros - before.usage.cpuMicros) / (after.sent.events - before.sent.events)
}

/** CPU a row of the recorder beside that of the floor, one after the other and again the other way round. */
export const floorRatio = async ({ short }: Form): Promise<ReadonlyArray<Figure>> => {
  // Until V8 has compiled what it will, a row costs a fifth more.
  const warmSeconds = short ? 3 : 12
  const order = short ? "FR" : "FRRF"
  const figures: Array<Figure> = []
  // The mix has books too, those of all exchanges.
  for (const [load, fullRate] of short ? cases.filter(([load]) => load !== books) : cases) {
    const rate = short ? fullRate / 2 : fullRate
    const seconds = short ? 3 : secondsFor(load, rate)
    const sender = await startSender(load)
    const legs: Record<"F" | "R", Array<Leg>> = { F: [], R: [] }
    for (const which of order) {
      await sender.reset()
      if (which === "F") {
        const options: FloorOptions = { url: sender.url, feeds: load.feeds }
        const floor = start(new URL("../processes/floor.ts", import.meta.url), [JSON.stringify(options)])
        await begun(floor)
        const microsPerRow = await measure(floor, sender, rate, warmSeconds, seconds)
        await sleep(1000)
        const [{ frames }, read] = [await sender.sent(), await floor.ask<number>("frames")]
        // It also reads what its subscriptions were answered.
        const wrong = read >= frames ? null : `the floor has read ${read} of ${frames} frames`
        legs.F.push({ microsPerRow, void: wrong })
        await floor.stop()
      } else {
        const recorder = await startRecorder(sender)
        const microsPerRow = await measure(recorder.child, sender, rate, warmSeconds, seconds)
        const outcome = await recorder.finish(sender)
        legs.R.push({ microsPerRow, void: outcome.void })
      }
      while ((await sender.sent()).connections > 0) await sleep(20)
    }
    await sender.child.stop()
    const micros = (which: "F" | "R") => legs[which].map(({ microsPerRow }) => microsPerRow)
    const wrong = [...legs.F, ...legs.R].map((leg) => leg.void).find((why) => why !== null) ?? null
    // The two of a pair ran one right after the other.
    const ratios = micros("R").map((recorder, pair) => recorder / micros("F")[pair]!)
    const part = "floor-ratio"
    figures.push(
      {
        part,
        name: `floor, ${load.name}`,
        value: median(micros("F")),
        unit: "µs CPU/row",
        range: rangeOf(micros("F"))
      },
      {
        part,
        name: `recorder, ${load.name}`,
        value: median(micros("R")),
        unit: "µs CPU/row",
        range: rangeOf(micros("R")),
        ...voided(wrong)
      },
      {
        part,
        name: `recorder / floor, ${load.name}`,
        value: median(ratios),
        unit: "x",
        range: rangeOf(ratios),
        target: { atMost: 1.25 },
        isRatio: true,
        ...voided(wrong)
      }
    )
  }
  return figures
}
