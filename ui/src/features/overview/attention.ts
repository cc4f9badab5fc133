import { linkOptions } from '@tanstack/react-router'

import type { Tone } from '@/components/badge'
import type { Schema } from '@/lib/api'

type Attention = Schema<'Attention'>

/** The colour of each kind, and where more of it is to be seen. */
export const attentionLook = {
  instances_failed: { tone: 'bad', link: linkOptions({ to: '/instances', search: { state: 'failed' } }) },
  instances_unhealthy: {
    tone: 'bad',
    link: linkOptions({ to: '/instances', search: { health: 'unhealthy' } }),
  },
  drift: { tone: 'warn', link: linkOptions({ to: '/system' }) },
  batches_failed: { tone: 'warn', link: linkOptions({ to: '/batches' }) },
  purged_soon: { tone: 'neutral', link: linkOptions({ to: '/instances', search: { state: 'trash' } }) },
} satisfies Record<Attention['kind'], { tone: Tone; link: object }>

/** What is the matter, in words. */
export function attentionText({ kind, count }: Pick<Attention, 'kind' | 'count'>): string {
  const one = count === 1
  const instances = `${count} instance${one ? '' : 's'}`
  switch (kind) {
    case 'instances_failed':
      return `${instances} failed`
    case 'instances_unhealthy':
      return `${instances} ${one ? 'does' : 'do'} not answer`
    case 'drift':
      return `${count} finding${one ? '' : 's'} of drift to decide about`
    case 'batches_failed':
      return `${count} batch${one ? '' : 'es'} failed in the last 24 hours`
    case 'purged_soon':
      return `${instances} in the trash will be gone for good within the hour`
  }
}

/** Whether the names of a kind are those of instances. */
export function namesInstances(kind: Attention['kind']): boolean {
  return kind === 'instances_failed' || kind === 'instances_unhealthy' || kind === 'purged_soon'
}
