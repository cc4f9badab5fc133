import { Workflow } from 'lucide-react'

import { EmptyState } from '@/components/empty-state'
import { DurableCard } from '@/features/durable/durable-card'

import { OperatorsOnly } from './operators-only'
import { useShown } from './shown'

export function DurableTab() {
  const { instance } = useShown()
  return (
    <OperatorsOnly>
      {instance.state === 'running' ? (
        <DurableCard name={instance.name} />
      ) : (
        <EmptyState icon={Workflow} title="It does not run">
          Durable functions can be seen while the instance is running.
        </EmptyState>
      )}
    </OperatorsOnly>
  )
}
