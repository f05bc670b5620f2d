"""The pages, by what people do there: each module has one `router`."""
