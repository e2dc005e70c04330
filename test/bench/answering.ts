/** A question of the bench to one of its processes. */
export interface Question {
  readonly id: number
  readonly ask: string
  readonly value: unknown
}

/** What comes back. */
export interface Answer {
  readonly id: number
  readonly value: unknown
}

/** Answers the questions of the process that started this one. */
export const answering = (answers: Readonly<Record<string, (value: never) => unknown>>): void => {
  process.on("message", ({ ask, id, value }: Question) => {
    const answer = answers[ask]
    if (answer === undefined) return
    process.send?.({ id, value: answer(value as never) } satisfies Answer)
  })
}
