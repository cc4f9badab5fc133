import { ScrollText } from 'lucide-react'

import { EmptyState } from '@/components/empty-state'
import { LogCard } from '@/features/logs/log-card'

import { OperatorsOnly } from './operators-only'
import { useShown } from './shown'

export function LogsTab() {
  const { instance } = useShown()
  return (
    <OperatorsOnly>
      {instance.endpoint ? (
        <LogCard name={instance.name} />
      ) : (
        <EmptyState icon={ScrollText} title="There is no log yet">
          It begins when the server starts for the first time.
        </EmptyState>
      )}
    </OperatorsOnly>
  )
}
