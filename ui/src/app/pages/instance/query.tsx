import { SquareTerminal } from 'lucide-react'

import { EmptyState } from '@/components/empty-state'
import { QueryCard } from '@/features/query/query-card'

import { OperatorsOnly } from './operators-only'
import { useShown } from './shown'

export function QueryTab() {
  const { instance } = useShown()
  return (
    <OperatorsOnly>
      {instance.state === 'running' ? (
        <QueryCard name={instance.name} />
      ) : (
        <EmptyState icon={SquareTerminal} title="It does not run">
          Statements can be run while the instance is running.
        </EmptyState>
      )}
    </OperatorsOnly>
  )
}
