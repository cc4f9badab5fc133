import type { Schema } from '@/lib/api'

type Parameter = Schema<'Parameter'>

/** Changes that were not made yet: another value by the name of its parameter, and null to reset one. */
export type ParameterDraft = Readonly<Record<string, string | null>>

/** The draft with another wish for parameter; without it when that is what is set already. */
export function withWish(
  draft: ParameterDraft,
  parameter: Pick<Parameter, 'name' | 'set'>,
  wish: string | null,
): ParameterDraft {
  const others = Object.fromEntries(Object.entries(draft).filter(([name]) => name !== parameter.name))
  return wish === (parameter.set ?? null) ? others : { ...others, [parameter.name]: wish }
}

/** The parameters with the text in what they are called or do; those that are set or in the draft alone when only is asked for. */
export function found(
  parameters: readonly Parameter[],
  draft: ParameterDraft,
  { text, only }: { text: string; only: boolean },
): readonly Parameter[] {
  const words = text.toLowerCase().split(/\s+/)
  return parameters.filter((parameter) => {
    if (only && parameter.set === undefined && !(parameter.name in draft)) return false
    const about = `${parameter.name} ${parameter.description ?? ''} ${parameter.category ?? ''}`.toLowerCase()
    return words.every((word) => about.includes(word))
  })
}

/** What a value may be, in words; undefined when anything may. */
export function boundsText({ type, unit, min, max }: Parameter): string | undefined {
  if (type !== 'integer' && type !== 'real') return undefined
  const range = min !== undefined && max !== undefined ? `${min} to ${max}` : undefined
  const bare = unit && `bare numbers count ${unit}`
  return [range, bare].filter((part) => part !== undefined && part !== '').join('; ') || undefined
}
