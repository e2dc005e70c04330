import { Duration, Effect } from "effect"
import { announceAfterMicros } from "../completeness/GapLedger.ts"
import { restarted } from "../runtime/Background.ts"
import type { FeedIntake } from "./FeedIntake.ts"

/** From then on a gap is said to be open: a little later than the ledger wants it, for the clocks differ. */
const sayOpenAfter = Duration.millis(announceAfterMicros / 1000 + 500)

/** Has a gap that has begun now told of once it has lasted, where it still does. */
export const tellOpenGap = (intake: FeedIntake) =>
  restarted("the telling of an open gap", Effect.sync(() => intake.tick())).pipe(
    Effect.delay(sayOpenAfter),
    Effect.forkChild
  )
