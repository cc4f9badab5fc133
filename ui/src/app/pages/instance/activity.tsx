import { EventList } from '@/features/events/event-list'
import { OperationHistory } from '@/features/operations/operation-history'

import { useShown } from './shown'

export function ActivityTab() {
  const { instance, operations } = useShown()
  return (
    <div className="flex flex-col gap-5">
      <OperationHistory name={instance.name} operations={operations} />
      <EventList name={instance.name} />
    </div>
  )
}
