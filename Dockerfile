# Two stages: the first builds the wheel and installs it, the second holds the result and no build tools.
# tests/packaging follows these steps without a container engine, so it reads this file: keep to plain instructions.
#
# The root file system may be read-only; cards issued and feedback are kept below /data, which should be a volume:
#   docker run --read-only --tmpfs /tmp --volume ldn-cds:/data --publish 8080:8080 ldn-cds

FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml setup.cfg MANIFEST.in README.md LICENSE NOTICE ./
COPY cds_service cds_service
COPY cards cards
COPY fhir_fixtures fhir_fixtures
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
RUN python -m venv /opt/ldn-cds
RUN /opt/ldn-cds/bin/pip install --no-cache-dir /wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --user-group --uid 10001 --no-create-home --shell /usr/sbin/nologin ldn-cds
RUN install --directory --owner 10001 --group 10001 /data
COPY --from=build /opt/ldn-cds /opt/ldn-cds
ENV PATH=/opt/ldn-cds/bin:$PATH
ENV PYTHONDONTWRITEBYTECODE=1
ENV CDS_DATABASE_URL=sqlite:////data/ldn-cds.sqlite
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ.get('CDS_PORT', '8080') + '/health/live', timeout=2)"]
CMD ["cds-service", "serve", "--host", "0.0.0.0"]
