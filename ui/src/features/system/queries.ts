import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'

import { answer, api } from '@/lib/api'
import { toast } from '@/lib/toasts'

/** The places of what is known about the whole system in the query cache. */
export const systemKeys = {
  drift: ['drift'] as const,
}

/** What the installation is made of. Nothing tells of workers that come and go, so it is asked for again. */
export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => answer(api.GET('/api/system', { signal })),
  refetchInterval: 10_000,
})

/** What can be done with the monitor as a whole. */
export type MonitorAction = 'pause' | 'resume' | 'restart'

export function useMonitorAction() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (action: MonitorAction) => {
      if (action === 'pause') return answer(api.POST('/api/monitor/pause'))
      if (action === 'resume') return answer(api.POST('/api/monitor/resume'))
      return answer(api.POST('/api/monitor/restart'))
    },
    onSuccess: () => client.invalidateQueries(),
  })
}

/** What catalog, provider and Temporal do not agree about. */
export const driftQuery = queryOptions({
  queryKey: systemKeys.drift,
  queryFn: ({ signal }) => answer(api.GET('/api/drift', { params: { query: { limit: 200 } }, signal })),
})

/** What was removed lately because it had been kept for long enough. */
export const retentionQuery = queryOptions({
  queryKey: ['retention'],
  queryFn: ({ signal }) => answer(api.GET('/api/retention', { params: { query: { limit: 24 } }, signal })),
})

/** Asks for a comparison. */
export function useCheckDrift() {
  return useMutation({ mutationFn: () => answer(api.POST('/api/drift/check')) })
}

/** Makes what was found as the catalog says, without removing data. */
export function useRepairDrift() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => answer(api.POST('/api/drift/{id}/repair', { params: { path: { id } } })),
    // Said here: the row of what was found goes as soon as it agrees.
    onSuccess: ({ instance_name, instance_id }) => {
      toast(`${instance_name ?? instance_id} is repaired, and compared again.`)
      return client.invalidateQueries({ queryKey: systemKeys.drift })
    },
  })
}
