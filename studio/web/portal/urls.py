"""The addresses of members and visitors: every module of pages lists its own."""

from studio.web.portal import account, bookings, invoices, passes, public, schedule

app_name = "portal"

urlpatterns = [
    *schedule.routes,
    *bookings.routes,
    *passes.routes,
    *invoices.routes,
    *account.routes,
    *public.routes,
]
