import { useQuery } from '@tanstack/react-query'

import type { Schema } from '@/lib/api'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'
import { useDebounced } from '@/lib/use-debounced'

import { planQuery, useUpdateInstance, type UpdateRequest } from './queries'

const TYPING_MS = 300

/** What a change of an instance would do, and the way to do just that. */
export interface PlannedUpdate {
  /** Absent while it is not known what the change would do. */
  plan: Schema<'Plan'> | undefined
  /** What the server says against the change, or against doing it. */
  error: Error | null
  /** The same by the fields of the request. */
  messages: Record<string, string>
  ready: boolean
  pending: boolean
  apply: (onDone: (operation: Schema<'Operation'> | undefined) => void) => void
}

/** Asks the server about a change of the instance called name, anew whenever the change is another one. */
export function usePlannedUpdate(name: string, body: UpdateRequest | undefined): PlannedUpdate {
  const text = body && JSON.stringify(body)
  const settled = useDebounced(text, TYPING_MS)
  const asked = settled !== undefined && settled === text
  const { data, error, isFetching, refetch } = useQuery({
    ...planQuery(name, asked ? (JSON.parse(settled) as UpdateRequest) : {}),
    enabled: asked,
  })
  const update = useUpdateInstance(name)
  const plan = asked && !error ? data : undefined
  // What was refused may be asked for in another way by now.
  const refused = JSON.stringify(update.variables?.body) === text ? update.error : null
  const trouble = refused ?? (asked && !isFetching ? error : null)
  const ready = plan !== undefined && plan.changes.length > 0 && !update.isPending
  return {
    plan,
    error: trouble,
    messages: fieldMessages(trouble),
    ready,
    pending: update.isPending,
    apply: (onDone) => {
      if (!ready || !body) return
      update.mutate(
        { body, plan: plan.fingerprint },
        {
          onSuccess: (answer) => {
            // Somebody else may have done it already; then there is no operation.
            const operation = 'steps' in answer ? answer : undefined
            if (operation) toast(`Updating ${name}`)
            onDone(operation)
          },
          onError: () => void refetch(), // it may be another plan by now
        },
      )
    },
  }
}
