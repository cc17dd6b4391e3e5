"""The dialect of OurVidz clients."""

from platform_api.routes.dialects.ourvidz import submit

ROUTERS = (submit.router,)
