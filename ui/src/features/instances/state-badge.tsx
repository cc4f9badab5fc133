import { Badge } from '@/components/badge'
import type { Schema } from '@/lib/api'

import { describe, isChanging } from './state'

export function StateBadge({ instance }: { instance: Schema<'Instance'> }) {
  const { tone, label } = describe(instance)
  return (
    <Badge tone={tone} pulse={isChanging(instance.state)}>
      {label}
    </Badge>
  )
}
