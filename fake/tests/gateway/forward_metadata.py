"""A callback of LiteLLM. Its pass-through takes `metadata` out of every body, for its own logs;
with this callback it forwards them as well."""

from litellm.integrations.custom_logger import CustomLogger


class Body(dict):
    """Keeps `metadata` when they are taken out."""

    def pop(self, key, *default):
        if key == "metadata" and key in self:
            return self[key]
        return super().pop(key, *default)


class ForwardMetadata(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        return Body(data) if call_type == "pass_through_endpoint" else None


callback = ForwardMetadata()
