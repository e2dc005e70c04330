import { Deferred, Effect } from "effect"
import type { Operation } from "./s3StandIn.ts"

/** How far a held request has come. */
export type Stage =
  /** None of its body was read. */
  | "request"
  /** All of its body arrived, and it has no effect yet. */
  | "body"
  /** It had its effect, and nothing of its answer was sent. */
  | "answer"

/** Which request is held, and where. */
export interface Step {
  readonly operation: Operation
  readonly stage: Stage
  readonly key: string
  /** Whether the object is there when the request comes, which tells the proof from the look that comes first. */
  readonly exists?: boolean
}

/** One request that stops at a step until it is released. */
export interface Hold {
  readonly reached: Effect.Effect<void>
  /** Lets it go on; `answered` is called in the turn in which the answer was given to the socket. */
  readonly release: (answered?: () => void) => void
}

interface Pending extends Hold {
  readonly step: Step
  readonly arrive: () => void
  readonly released: Promise<void>
  readonly answered: () => void
  taken: boolean
}

const pendingAt = (step: Step): Pending => {
  const reached = Deferred.makeUnsafe<void>()
  const { promise, resolve } = Promise.withResolvers<void>()
  let whenAnswered = () => {}
  return {
    step,
    taken: false,
    arrive: () => Deferred.doneUnsafe(reached, Effect.void),
    reached: Deferred.await(reached),
    released: promise,
    release: (answered) => {
      whenAnswered = answered ?? whenAnswered
      resolve()
    },
    answered: () => whenAnswered()
  }
}

/** The requests that a server is to hold: each hold takes the first request that fits, once. */
export const make = () => {
  const all: Array<Pending> = []
  return {
    hold: (step: Step): Hold => {
      const pending = pendingAt(step)
      all.push(pending)
      return pending
    },
    /** The way of one request that has just come. */
    begin: (operation: Operation, key: string, exists: boolean) => {
      const own = all.filter(({ step }) =>
        step.operation === operation && step.key === key && (step.exists ?? exists) === exists
      )
      const passed: Array<Pending> = []
      return {
        /** Resolves at once unless the request is to be held here. */
        pass: async (stage: Stage): Promise<void> => {
          const hold = own.find((each) => each.step.stage === stage && !each.taken)
          if (hold === undefined) return
          hold.taken = true
          passed.push(hold)
          hold.arrive()
          await hold.released
        },
        answered: () => {
          for (const hold of passed) hold.answered()
        }
      }
    }
  }
}
