import { useQuery } from '@tanstack/react-query'

import type { Schema } from '@/lib/api'
import { useDebounced } from '@/lib/use-debounced'

import { messagesOf } from './draft'
import { createPlanQuery } from './queries'

type Request = Schema<'CreateInstanceRequest'>

const TYPING_MS = 300

/** The server's word on a request before it is made, once the typing pauses; undefined asks nothing. */
export function useCreatePlan(body: Request | undefined) {
  const text = JSON.stringify(body ?? null)
  const settled = useDebounced(text, TYPING_MS)
  const tried = JSON.parse(settled) as Request | null
  const query = useQuery({
    ...createPlanQuery(tried ?? { name: '' }),
    enabled: tried !== null && settled === text,
  })
  // What was said of a field is out of date once that is another.
  const still = (field: string) => {
    const top = (field.split('.')[0] ?? field) as keyof Request
    return JSON.stringify(body?.[top]) === JSON.stringify(tried?.[top])
  }
  return {
    plan: body && query.data,
    error: body && !query.isPlaceholderData ? query.error : null,
    isChecking: body !== undefined && (settled !== text || query.isFetching),
    messages: Object.fromEntries(
      Object.entries(messagesOf(query.error)).filter(([field]) => body && still(field)),
    ) as Record<string, string>,
  }
}
