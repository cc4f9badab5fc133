import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { Schema } from '@/lib/api'
import { inParallel } from '@/lib/in-parallel'

import { act } from './queries'
import type { Action } from './state'

type Instance = Schema<'Instance'>

// A browser opens six connections to one host, and the event stream needs one.
const AT_ONCE = 4

/** What came of one instance: the answer, or the error; neither while it is asked. */
export interface BulkResult {
  instance?: Instance
  error?: unknown
}

/** Does action to many instances, a few at a time, each on its own. Results are by name. */
export function useBulkAction(action: Action) {
  const client = useQueryClient()
  const [results, setResults] = useState<ReadonlyMap<string, BulkResult>>(new Map())
  const [phase, setPhase] = useState<'idle' | 'pending' | 'done'>('idle')
  const run = async (instances: readonly Instance[]) => {
    setPhase('pending')
    const tell = (name: string, result: BulkResult) =>
      setResults((before) => new Map(before).set(name, result))
    await inParallel(instances, AT_ONCE, async ({ name }) => {
      tell(name, {})
      try {
        tell(name, { instance: await act(action, name) })
      } catch (error) {
        tell(name, { error })
      }
    })
    setPhase('done')
    await client.invalidateQueries()
  }
  return { results, run, isPending: phase === 'pending', isDone: phase === 'done' }
}
