import { Param, Primitive } from "effect/cli"

/** Completed as a path by shells, and taken as it is written: a message then names it as the operator does. */
const asWritten = Object.assign(Primitive.Path("either"), { parse: Primitive.String.parse })

export const pathFlag = (name: string) => Param.makeSingle({ kind: Param.flagKind, name, primitiveType: asWritten })

export const pathArgument = (name: string) =>
  Param.makeSingle({ kind: Param.argumentKind, name, primitiveType: asWritten })
